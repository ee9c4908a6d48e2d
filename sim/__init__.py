"""The model: a municipality's citizens, caseworkers and companies, week by week."""
