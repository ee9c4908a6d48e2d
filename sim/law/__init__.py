"""The law as the model knows it: refusion, benefits, contact duties, each with its paragraph."""
