/** The modules of a coordinator; they know of each other by the message bus alone, so each may run where it likes. */
export const MODULES = ['observation', 'crypto', 'connection', 'integrity'] as const;
export type ModuleName = (typeof MODULES)[number];
