/** The coin each network pays in on the devnet. */
export const mainCoin = { Bitcoin: 'Bitcoin', Ethereum: 'Ether', Monero: 'Monero' } as const;
