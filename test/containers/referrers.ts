/** What a registry holds about an image: cosign keeps a signature, and an attestation, as a manifest of its own that refers to the image. */
export interface Referrer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** The bundle that cosign wrote, as far as it is looked at. */
export interface Bundle {
  readonly verificationMaterial: { readonly tlogEntries?: readonly unknown[] };
  readonly dsseEnvelope: { readonly payload: string };
}

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const SIGNATURE = 'https://sigstore.dev/cosign/sign/v1';
export const BILL = 'https://cyclonedx.org/bom';

/** One repository of a registry without TLS. This registry has no API for referrers: they stand in an index, under a tag that names the image. */
export class Referrers {
  readonly #url: string;

  constructor(address: string, repository: string) {
    this.#url = `http://${address}/v2/${repository}`;
  }

  async of(digest: string): Promise<readonly Referrer[]> {
    const response = await fetch(this.#manifest(digest), { headers: { accept: INDEX } });
    if (response.status === 404) return [];
    return ((await response.json()) as { manifests: Referrer[] }).manifests;
  }

  /** What a thief of the registry's password can do: say that these speak of that image. */
  async set(digest: string, manifests: readonly Referrer[]): Promise<void> {
    const body = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests });
    const response = await fetch(this.#manifest(digest), { method: 'PUT', headers: { 'content-type': INDEX }, body });
    if (!response.ok) throw new Error(await response.text());
  }

  /** Those of one kind, with their bundles. */
  async bundles(digest: string, kind: string): Promise<readonly { readonly referrer: Referrer; readonly bundle: Bundle }[]> {
    const found = await Promise.all(
      (await this.of(digest)).map(async (referrer) => {
        const { annotations, layers } = await this.#json<{ annotations: Record<string, string>; layers: { digest: string }[] }>(
          `manifests/${referrer.digest}`,
        );
        if (annotations['dev.sigstore.bundle.predicateType'] !== kind) return [];
        return [{ referrer, bundle: await this.#json<Bundle>(`blobs/${layers[0]?.digest}`) }];
      }),
    );
    return found.flat();
  }

  async #json<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.#url}/${path}`, { headers: { accept: MANIFEST } })).json()) as T;
  }

  #manifest(digest: string): string {
    return `${this.#url}/manifests/${digest.replace(':', '-')}`;
  }
}
