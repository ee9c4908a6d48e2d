"""The planner's year: own numbers in, a committee paper out, follow-up after the decision."""
