"""AWS on one machine: a moto server that really runs what it is given, the Lambda's zip and the Glue job included."""
