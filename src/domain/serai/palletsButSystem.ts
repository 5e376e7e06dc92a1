import { babe } from './pallets/babe.ts';
import { coins, liquidityTokens } from './pallets/coins.ts';
import { dex } from './pallets/dex.ts';
import { economicSecurity } from './pallets/economicSecurity.ts';
import { emissions } from './pallets/emissions.ts';
import { genesisLiquidity } from './pallets/genesisLiquidity.ts';
import { grandpa } from './pallets/grandpa.ts';
import { inInstructions } from './pallets/inInstructions.ts';
import { signals } from './pallets/signals.ts';
import { timestamp } from './pallets/timestamp.ts';
import { transactionPayment } from './pallets/transactionPayment.ts';
import { validatorSets } from './pallets/validatorSets.ts';

/** The pallets above frame_system, which itself stores the events of all of them. */
export const palletsButSystem = {
  Timestamp: timestamp,
  TransactionPayment: transactionPayment,
  Coins: coins,
  LiquidityTokens: liquidityTokens,
  Dex: dex,
  ValidatorSets: validatorSets,
  GenesisLiquidity: genesisLiquidity,
  Emissions: emissions,
  EconomicSecurity: economicSecurity,
  InInstructions: inInstructions,
  Signals: signals,
  Babe: babe,
  Grandpa: grandpa,
};
