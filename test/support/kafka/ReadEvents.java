import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cloudevents.CloudEvent;
import io.cloudevents.kafka.CloudEventDeserializer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** A consumer that knows CloudEvents and nothing of the coordinator: prints a topic's events, one JSON object a line. */
public class ReadEvents {
  public static void main(String[] args) throws Exception {
    Map<String, Object> settings =
        Map.of("bootstrap.servers", args[0], "isolation.level", "read_committed", "auto.offset.reset", "earliest");
    ObjectMapper json = new ObjectMapper();
    try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new CloudEventDeserializer())) {
      var partition = new TopicPartition(args[1], 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (consumer.position(partition) < end) {
        for (var record : consumer.poll(Duration.ofMillis(500))) {
          CloudEvent event = record.value();
          ObjectNode line = json.createObjectNode();
          for (String name : event.getAttributeNames()) line.put(name, String.valueOf(event.getAttribute(name)));
          for (String name : event.getExtensionNames()) line.put(name, String.valueOf(event.getExtension(name)));
          line.put("data", new String(event.getData().toBytes(), StandardCharsets.UTF_8));
          System.out.println(json.writeValueAsString(line));
        }
      }
    }
  }
}
