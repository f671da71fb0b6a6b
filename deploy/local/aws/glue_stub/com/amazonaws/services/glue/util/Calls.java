package com.amazonaws.services.glue.util;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Appends each call to the file that the system property glue.calls names, one a line. */
public class Calls {
  private Calls() {}

  public static void note(String call) {
    try {
      Files.writeString(
          Path.of(System.getProperty("glue.calls")),
          call + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }
}
