export type { AdmissionOptions, AdmissionSnapshot, Admitted, Refused } from './http/admission.ts';
export type { RequestHeaders } from './http/headers.ts';
export type { RequestContext } from './http/request.ts';
export { admission } from './http/server.ts';
export type { Admission, ReplyLike } from './http/server.ts';
