/** How the process ends, besides 0 for success (documented in the README). */
export const EXIT = {
  failed: 1,
  config: 2,
  node: 3,
  kafka: 4,
  store: 5,
  portInUse: 6,
  timeout: 7,
  forced: 130,
} as const;

const BY_CODE: readonly (readonly [prefix: string, code: number])[] = [
  ['config.', EXIT.config],
  ['node.port-in-use', EXIT.portInUse],
  ['peer.port-in-use', EXIT.portInUse],
  ['port.', EXIT.portInUse],
  ['key.', EXIT.config],
  ['chain.', EXIT.node],
  ['kafka.', EXIT.kafka],
  ['store.', EXIT.store],
  ['backup.', EXIT.store],
  ['decode.', EXIT.config],
  ['seal.wrong-passphrase', EXIT.config],
  ['devnet.timeout', EXIT.timeout],
];

/** The exit code for an error, by the beginning of its own code. */
export const exitCodeOf = (error: unknown): number => {
  if (error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number') return error.exitCode;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return BY_CODE.find(([prefix]) => code.startsWith(prefix))?.[1] ?? EXIT.failed;
};
