package com.amazonaws.services.glue.log;

/** awsglue's GlueContext makes one; the job logs by Python. */
public class GlueLogger {}
