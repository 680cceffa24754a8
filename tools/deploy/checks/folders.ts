import { unless, type Check } from '../finding.ts';
import type { Manifest } from '../manifests.ts';
import { containersOf, workloadsOf } from '../workloads.ts';

const CORE = /^(v1|(apps|batch|policy)\/v1|autoscaling\/v2|(networking|rbac\.authorization)\.k8s\.io\/v1)$/;

/** deploy/k8s/base is for any cluster. */
export const coreOnly: Check = (manifests) =>
  manifests.flatMap((manifest) =>
    unless(CORE.test(manifest.apiVersion), manifest, `${manifest.apiVersion} is nothing that every cluster has`),
  );

/** An image without registry and commit is one that `deploy/image` fills in: it must know it. */
export function imagesReplaced(manifests: readonly Manifest[], replaced: readonly string[]): ReturnType<Check> {
  return workloadsOf(manifests).flatMap(({ manifest, pod }) =>
    containersOf(pod).flatMap(({ image = '' }) => {
      const [name = ''] = image.split(':');
      return unless(image.includes('/') || replaced.includes(name), manifest, `deploy/image does not replace the image ${image}`);
    }),
  );
}
