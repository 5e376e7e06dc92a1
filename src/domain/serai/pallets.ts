import { eventRecords } from './events.ts';
import { system } from './pallets/system.ts';
import { palletsButSystem } from './palletsButSystem.ts';
import { seraiVersion } from './version.ts';

/**
 * Serai's runtime as far as declared: per pallet its storage, events, calls, errors and constants (serai.md §b.12 to b.16).
 * The single source: codecs, storage keys and metadata follow from it.
 */
export const pallets = { System: system(eventRecords, seraiVersion), ...palletsButSystem };
