import { z } from 'zod';
import { status } from '../../src/domain/health/status.ts';
import { configTable } from './configTable.ts';
import { fieldTable, type Schema } from './fieldTable.ts';
import { metricsTable } from './metricsTable.ts';
import { processorVectors, protocolVectors } from './vectors.ts';

/** A part of a document that is written from what the program has: all below a heading of a file in docs. */
interface Generated {
  readonly file: string;
  readonly heading: string;
  readonly text: () => Promise<string>;
}

/** All that `npm run docs` writes. */
export const GENERATED: readonly Generated[] = [
  { file: 'status.md', heading: 'Fields', text: async () => fieldTable(z.toJSONSchema(status) as Schema) },
  { file: 'configuration.md', heading: 'All keys', text: () => Promise.resolve(configTable()) },
  { file: 'protocol.md', heading: 'Vectors', text: protocolVectors },
  { file: 'processor-protocol.md', heading: 'Vectors', text: processorVectors },
  { file: 'metrics.md', heading: 'All metrics', text: metricsTable },
];
