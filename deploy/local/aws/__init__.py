"""A local AWS: a moto server that also runs the Lambda's zip and the Glue job."""
