"""What puts the suite on AWS: the zips, Terraform, what it costs."""
