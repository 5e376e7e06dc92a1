import { silenceNegativeTimeout } from '../../src/drivers/kafka/silenceNegativeTimeout.ts';
import { silenceCallTypeWarning } from '../../src/drivers/polkadot/silenceCallTypeWarning.ts';

silenceCallTypeWarning();
silenceNegativeTimeout();
