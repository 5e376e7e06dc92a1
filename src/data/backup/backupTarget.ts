/**
 * The port of places that keep backups: objects by name, names are lower-case words joined by `/`. Rejects with BackupError `backup.target`,
 * where it cannot be used.
 */
export interface BackupTarget {
  /** Where it is, for people. */
  readonly where: string;
  /** Keeps bytes under a name, whole or not at all; resolved means they are safe there. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** The bytes of a name; undefined where there is none. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** The names that begin with `prefix`, in order. */
  list(prefix: string): Promise<string[]>;
  /** Takes a name away; nothing happens where there is none. */
  remove(name: string): Promise<void>;
}
