"""The BI model, and the files for each tool that `python -m deploy.generate` makes from it."""
