package com.amazonaws.services.glue;

import com.amazonaws.services.glue.util.Calls;
import org.apache.spark.SparkContext;

/** What awsglue's GlueContext makes of itself in the JVM. */
public class GlueContext {
  public GlueContext(SparkContext context) {
    Calls.note("GlueContext");
  }
}
