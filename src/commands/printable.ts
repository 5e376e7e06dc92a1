/** Text of strangers for a terminal: control characters would move the cursor of whoever looks at it. */
export const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, '·');
