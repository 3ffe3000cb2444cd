/** Random ids as the server takes them: 128 bits in hexadecimal. */

/** A fresh id. `randomUUID` would need TLS, which a centre in a laboratory may not have. */
export function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
