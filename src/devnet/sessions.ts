import { chainMessage } from '../domain/observation/schemas.ts';

/** Which sessions of each network are over, gathered from what the validators tell of the chain. */
export class Sessions {
  readonly #over = new Map<string, number>();

  take(told: { readonly type: string | undefined; readonly data: unknown }): void {
    if (told.type !== 'serai.validator-sets.set-retired.v1') return;
    const { data } = chainMessage.parse(told);
    if ('set' in data) this.#over.set(data.set.network, Math.max(this.lastOver(data.set.network), data.set.session));
  }

  /** The last session of a network whose set is retired; -1 before the first. */
  lastOver(network: string): number {
    return this.#over.get(network) ?? -1;
  }
}
