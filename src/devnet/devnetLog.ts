type Write = (fields: Readonly<Record<string, unknown>>, event: string) => void;

/** Where the devnet's parts tell what happens to them; pino is one. */
export interface DevnetLog {
  readonly info: Write;
  readonly warn: Write;
  readonly child: (validator: string) => Omit<DevnetLog, 'child'>;
}
