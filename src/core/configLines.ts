/** The parts of a TOML key: `a."b.c"` is `a`, `b.c`. */
const partsOf = (key: string): string[] =>
  [...key.matchAll(/"([^"]*)"|'([^']*)'|([^\s."']+)/g)].map(([, double, single, bare]) => double ?? single ?? bare ?? '');

const HEADER = /^\s*(\[\[?)\s*([^\]]+?)\s*\]/;
const ASSIGNMENT = /^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=/;

/** Finds the line, counted from 1, on which a key of a TOML file or the header of a section stands; undefined where neither does. */
export const configLines = (text: string): ((path: readonly PropertyKey[]) => number | undefined) => {
  const lines = new Map<string, number>();
  const repeated = new Map<string, number>();
  const note = (path: readonly string[], line: number): void => {
    // A section is where it, or one below it, begins.
    for (let length = 1; length <= path.length; length += 1) {
      const above = path.slice(0, length).join('\0');
      if (!lines.has(above)) lines.set(above, line);
    }
  };
  let section: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const [, bracket, name] = HEADER.exec(line) ?? [];
    if (bracket !== undefined && name !== undefined) {
      section = partsOf(name);
      if (bracket === '[[') {
        const count = repeated.get(section.join('\0')) ?? 0;
        repeated.set(section.join('\0'), count + 1);
        section.push(String(count));
      }
      note(section, index + 1);
      continue;
    }
    const key = ASSIGNMENT.exec(line)?.[1];
    if (key !== undefined) note([...section, ...partsOf(key)], index + 1);
  }
  return (path) => lines.get(path.map(String).join('\0'));
};
