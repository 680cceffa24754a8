import { serve } from './serve.ts';

/** Does nothing but be there: the network of this process is the cluster's, and Linux forwards the packets. */
serve({});
