import { engines } from '../test/engines.ts';
import { pipelineSuite } from '../test/pipeline.suite.ts';

pipelineSuite(engines.native);
pipelineSuite(engines.wrapped);
