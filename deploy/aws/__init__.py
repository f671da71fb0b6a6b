"""Deploys the suite on AWS: builds the zips, runs Terraform, estimates the costs."""
