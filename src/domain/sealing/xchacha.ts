import sodium from 'libsodium-wrappers';

// Its WebAssembly is compiled once, when this is first imported.
await sodium.ready;

/** XChaCha20-Poly1305 of libsodium: key 32 bytes, nonce 24 random ones; the tag of 16 stands at the end. */
export const encrypt = (key: Uint8Array, nonce: Uint8Array, associated: Uint8Array, plain: Uint8Array): Uint8Array =>
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, associated, null, nonce, key);

/** Opens what {@link encrypt} made; throws where anything is another. */
export const decrypt = (key: Uint8Array, nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array =>
  sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, sealed, associated, nonce, key);
