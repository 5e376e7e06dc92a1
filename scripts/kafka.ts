import { parseArgs } from 'node:util';
import { silenceNegativeTimeout } from '../src/drivers/kafka/silenceNegativeTimeout.ts';
import { brokerPossible, startBroker } from '../test/support/kafkaBroker.ts';
import fetchJars from '../test/support/kafkaJars.ts';

// A real broker for trying out config/local.toml: it forgets all when it ends.
const { values } = parseArgs({ options: { port: { type: 'string', default: '9092' } } });
silenceNegativeTimeout();

if (!brokerPossible) {
  process.stderr.write('error: the broker needs Java 17 and Maven; a Kafka of yours, or deploy/docker/compose.yml, does as well\n');
  process.exit(1);
}
process.stdout.write('Kafka: fetching what is not here yet, then starting …\n');
fetchJars();
const broker = await startBroker('', Number(values.port));
process.stdout.write(`Kafka: ${broker.address}; Ctrl-C stops it, and what is on it is gone\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void broker.stop().then(() => process.exit(0));
  });
