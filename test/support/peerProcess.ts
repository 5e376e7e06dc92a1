import type { Hex } from '../../src/domain/hex.ts';
import { openSide } from './peers.ts';

// A validator's links in a process of their own: dials the address it is given, and acknowledges all it hears.
const [address, validator] = process.argv.slice(2) as [string, Hex];
const side = await openSide('Bob', { knows: () => [{ validator, address }] });
side.network.hold([validator], [validator]);
process.stdout.write(`${side.validator}\n`);
