// Our few lines on navigator.credentials: options from the server in, the answer back as JSON.
import { post } from "./api.js";

export const canUsePasskeys = () => Boolean(window.PublicKeyCredential && navigator.credentials?.get);

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const listed = (credentials) => (credentials || []).map((one) => ({ ...one, id: bytes(one.id) }));

/** The credential as the server reads it (WebAuthn §5.1, toJSON). */
function sent(credential) {
  const { response } = credential;
  const found = { clientDataJSON: text(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) found[name] = text(response[name]);
  }
  if (response.getTransports) found.transports = response.getTransports();
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response: found,
    clientExtensionResults: credential.getClientExtensionResults() };
}

/** Answers what `work` does; null when the person or the browser said no. */
async function unlessRefused(work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

/** Signs in by a passkey of this device. Answers the user, or null when none was used. */
export async function signInWithPasskey() {
  const { options } = await post("/v1/passkeys/sign-ins/options", {});
  const credential = await unlessRefused(() => navigator.credentials.get({
    publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: listed(options.allowCredentials) },
  }));
  return credential && (await post("/v1/passkeys/sign-ins", { credential: sent(credential) }));
}

/** Makes a passkey for the user who is signed in. Answers it, or null when none was made. */
export async function addPasskey(name) {
  const { options } = await post("/v1/passkeys/registrations/options", {});
  const credential = await unlessRefused(() => navigator.credentials.create({
    publicKey: { ...options, challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: listed(options.excludeCredentials) },
  }));
  return credential && (await post("/v1/passkeys/registrations", { name, credential: sent(credential) }));
}
