import type { Resource, ResourceDetector } from '@opentelemetry/resources';

/** Not a literal in the import: a bundler would ask for a package that is there only where somebody wants it. */
const detectorPackage: string = '@opentelemetry/resource-detector-gcp';
const detectorName = 'gcp';

const words = (list: string | undefined): string[] =>
  (list ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** The detectors for the SDK, which does not know `gcp` and would warn of it. */
export function withoutGoogleCloud(detectors: string | undefined): string | undefined {
  const asked = words(detectors);
  const rest = asked.filter((word) => word !== detectorName);
  return rest.length === asked.length ? detectors : rest.join(',') || 'none';
}

/**
 * What Google Cloud's metadata server says of the place where the process runs, if `@opentelemetry/resource-detector-gcp` is installed and
 * `OTEL_NODE_RESOURCE_DETECTORS` is unset or names `gcp`. The answers come in later; spans wait for them before they are exported.
 */
export async function googleCloudResource(detectors: string | undefined): Promise<Resource | undefined> {
  if (detectors && !words(detectors).some((word) => word === detectorName || word === 'all')) return undefined;
  try {
    const { gcpDetector } = (await import(/* webpackIgnore: true */ /* @vite-ignore */ detectorPackage)) as {
      readonly gcpDetector: ResourceDetector;
    };
    const { defaultResource, detectResources } = await import('@opentelemetry/resources');
    return defaultResource().merge(detectResources({ detectors: [gcpDetector] }));
  } catch {
    return undefined;
  }
}
