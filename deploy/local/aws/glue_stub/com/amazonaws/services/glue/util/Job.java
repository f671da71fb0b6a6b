package com.amazonaws.services.glue.util;

import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** Glue's side of awsglue.job.Job: notes what is called, and does nothing. */
public class Job {
  private static boolean isInitialized = false;

  public static void init(String name, SparkSession session, Map<String, String> arguments) {
    isInitialized = true;
    Calls.note("Job.init " + name);
  }

  public static boolean isInitialized() {
    return isInitialized;
  }

  public static void commit() {
    Calls.note("Job.commit");
  }
}
