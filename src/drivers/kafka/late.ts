/** Rejects after a time, saying so; holds no process open. */
export const late = async (milliseconds: number): Promise<never> => {
  await new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
  throw new Error(`no answer within ${String(milliseconds / 1000)} s`);
};
