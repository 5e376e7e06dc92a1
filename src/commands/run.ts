export const runCoordinator = async (): Promise<void> => {};
