import { silenceCallTypeWarning } from '../../src/drivers/polkadot/silenceCallTypeWarning.ts';

silenceCallTypeWarning();
