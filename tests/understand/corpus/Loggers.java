import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.logging.*;

/// Prints a few records with java.util.logging.
///
///   java Loggers.java VARIANT LABELS
///
/// The records go to stdout; what is known of them goes to the file LABELS, an object a line.
public class Loggers {
  static final Level[] LEVELS = {Level.INFO, Level.WARNING, Level.SEVERE, Level.FINE};
  static final String[] NAMES = {"info", "warn", "error", "debug"};

  static void fail() {
    throw new IllegalStateException("card declined", new RuntimeException("no card"));
  }

  public static void main(String[] arguments) throws Exception {
    System.setProperty("java.util.logging.SimpleFormatter.format",
        "%1$tF %1$tT.%1$tL %4$-7s [%3$s] %5$s%6$s%n");
    Logger log = Logger.getLogger("shop.Orders");
    log.setUseParentHandlers(false);
    Handler handler = new StreamHandler(System.out, new SimpleFormatter());
    handler.setLevel(Level.ALL);
    log.addHandler(handler);
    log.setLevel(Level.ALL);
    try (PrintWriter labels = new PrintWriter(Path.of(arguments[1]).toFile())) {
      for (int i = 0; i < 20; i++) {
        String token = String.format("step-%03d", i);
        String id = java.util.UUID.nameUUIDFromBytes(("java/" + i).getBytes()).toString();
        boolean hasId = i % 5 != 4;
        String message = token + " order " + i + " loaded" + (hasId ? " requestId=" + id : "");
        labels.printf("{\"token\":\"%s\",\"level\":\"%s\",\"id\":%s,\"context\":%s,\"message\":\"%s\",\"hasTime\":true}%n",
            token, NAMES[i % 4], hasId ? "\"" + id + "\"" : "null", hasId ? "\"keyed\"" : "null", message);
        if (LEVELS[i % 4] == Level.SEVERE) {
          try {
            fail();
          } catch (IllegalStateException error) {
            log.log(Level.SEVERE, message, error);
          }
        } else {
          log.log(LEVELS[i % 4], message);
        }
        handler.flush();
      }
    }
  }
}
