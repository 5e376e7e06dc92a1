/** A JSON-RPC error of the simulated node, worded as the real one words it. */
export class NodeError extends Error {
  readonly code: number;
  readonly data: string | undefined;

  constructor(code: number, message: string, data?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NodeError';
    this.code = code;
    this.data = data;
  }
}
