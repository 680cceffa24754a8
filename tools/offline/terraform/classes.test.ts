import { expect, test } from 'vitest';
import { argumentsOf, computedOf, type Classes } from './classes.ts';

/** As the package's classes are laid out: a declaration with its link, the function that writes it, the class that reads it. */
const declarations = `
export interface BucketConfig extends cdktf.TerraformMetaArguments {
    /**
    * Where it is, see https://example.com#filtering for more.
    *
    * Docs: {@link https://example.com/docs/bucket#location Bucket#location}
    */
    readonly location: string;
    /**
    * Docs: {@link https://example.com/docs/bucket#labels Bucket#labels}
    */
    readonly labels?: {
        [key: string]: string;
    };
    /**
    * Docs: {@link https://example.com/docs/bucket#rule Bucket#rule}
    */
    readonly rule?: BucketRule[] | cdktf.IResolvable;
}
export interface BucketState {
}
`;
const attribute = (name: string, block: boolean, type: string): string => `            ${name}: {
                value: cdktf.toHcl(this._${name}),
                isBlock: ${block},
                type: "${type}",
            },
`;
const code = `
class Bucket extends cdktf.TerraformResource {
        // effective_labels - computed: true, optional: false, required: false
        this._effectiveLabels = new cdktf.StringMap(this, "effective_labels");
        // rule - computed: false, optional: true, required: false
        this._rule = new BucketRuleList(this, "rule", true);
    // url - computed: true, optional: false, required: false
    get url() {
        return this.getStringAttribute('url');
    }
    // names - computed: true, optional: false, required: false
    get names() {
        return cdktf.Fn.tolist(this.getListAttribute('names'));
    }
    synthesizeHclAttributes() {
        const attrs = {
${attribute('location', false, 'simple')}${attribute('labels', false, 'map')}${attribute('rule', true, 'set')}        };
    }
}
`;
const classes: Classes = { declarations, code };

test('argumentsOf reads name, type, necessity and how it is written', () => {
  expect(argumentsOf(classes, 'BucketConfig')).toEqual([
    { name: 'location', required: true, type: 'string', block: false, collection: 'simple' },
    { name: 'labels', required: false, type: '{ [key: string]: string; }', block: false, collection: 'map' },
    { name: 'rule', required: false, type: 'BucketRule[]', block: true, collection: 'set' },
  ]);
});

test('computedOf reads what only the provider fills', () => {
  expect(computedOf(classes, 'Bucket')).toEqual([
    { name: 'effective_labels', type: 'StringMap', set: false },
    { name: 'url', type: 'String', set: false },
    { name: 'names', type: 'List', set: true },
  ]);
});

test.each([
  ['an interface that is not there', classes, 'BucketsConfig', 'the interface BucketsConfig is not in the package'],
  ['a struct that nothing writes', classes, 'BucketState', 'BucketState has no function that writes it'],
  [
    'an argument that nothing writes',
    { declarations, code: code.replace('labels: {', 'label: {') },
    'BucketConfig',
    'BucketConfig says nothing about how labels is written',
  ],
  [
    'an argument that is not declared',
    { declarations: declarations.replace(/ {4}\/\*\*\n.*#labels[^]*?\};\n/, ''), code },
    'BucketConfig',
    'BucketConfig has 3 arguments, and 2 could be read',
  ],
])('argumentsOf refuses %s, rather than guess', (_, given, owner, message) => {
  expect(() => argumentsOf(given, owner)).toThrow(message);
});

test('computedOf refuses a getter that is not known, rather than guess', () => {
  const strange = { declarations, code: code.replace("this.getStringAttribute('url')", 'this.somehow()') };
  expect(() => computedOf(strange, 'Bucket')).toThrow('Bucket.url is computed in a way that is not known here');
});
