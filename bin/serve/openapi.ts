import * as z from 'zod';
import { planFileJsonSchema, problemFileJsonSchema } from '../../lib/io/index.js';
import { version } from '../version.js';
import { refusals, type RefusalCode } from './refusal.js';
import { routes, type Route } from './routes.js';
import { refusalBody } from './schemas.js';

type Json = Record<string, unknown>;

/** The API as an OpenAPI 3.1 document, from the schemas that requests are checked by. */
export function openApiDocument(): Json {
  const components: Json = {};
  const schema = (of: z.ZodType, io: 'input' | 'output'): Json => component(of, io, components);
  components['Problem'] = embedded(problemFileJsonSchema(), components);
  components['Plan'] = embedded(planFileJsonSchema(), components);
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries<Route>(routes)) {
    const path = (paths[route.path.replaceAll(/:(\w+)/gu, '{$1}')] ??= {});
    path[route.method] = operation(name, route, schema);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'sft-opt serve', version, description: 'Plans of split fine-tuning for live cells.' },
    security: [{ token: [] }],
    paths,
    components: { schemas: components, securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}

function operation(name: string, route: Route, schema: (of: z.ZodType, io: 'input' | 'output') => Json): Json {
  const codes = [...route.refusals, ...(route.open ? [] : (['unauthorized'] as const))];
  const content = route.contentType ?? 'application/json';
  const answer = route.answer ? schema(route.answer, 'output') : {};
  return {
    operationId: name,
    summary: route.summary,
    ...(route.open && { security: [] }),
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(route.body && {
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: schema(route.body, 'input') },
          ...(route.takesText && { 'application/yaml': { schema: { type: 'string' } } }),
        },
      },
    }),
    responses: {
      [route.status]: {
        description: 'As it should be.',
        ...(route.status !== 204 && { content: { [content]: { schema: answer } } }),
      },
      ...refusalResponses(codes, schema),
    },
  };
}

function refusalResponses(codes: readonly RefusalCode[], schema: (of: z.ZodType, io: 'output') => Json): Json {
  const statuses = [...new Set(codes.map((code) => refusals[code]))].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const named = codes.filter((code) => refusals[code] === status);
      return [
        status,
        { description: named.join(', '), content: { 'application/json': { schema: schema(refusalBody, 'output') } } },
      ];
    }),
  );
}

function pathParameters({ path }: Route): Json[] {
  return [...path.matchAll(/:(\w+)/gu)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters({ query }: Route): Json[] {
  if (!query) return [];
  const { properties = {} } = z.toJSONSchema(query, { io: 'output', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}

/** A schema with an id is a component, which others refer to. */
function component(of: z.ZodType, io: 'input' | 'output', components: Json): Json {
  const written = z.toJSONSchema(of, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      const part = jsonSchema['of'];
      if (part === 'problem') {
        jsonSchema.anyOf = [{ $ref: '#/components/schemas/Problem' }, { type: 'string' }];
      }
      if (part === 'plan') jsonSchema.$ref = '#/components/schemas/Plan';
      delete jsonSchema['of'];
    },
  });
  const { id, ...rest } = embedded(written, components) as Json & { id?: string };
  if (id === undefined) return rest;
  components[id] = rest;
  return { $ref: `#/components/schemas/${id}` };
}

/** A schema of its own as part of the document: what it defines becomes components. */
function embedded(schema: Json, components: Json): Json {
  const { $schema: _, $id: __, $defs: definitions = {}, ...rest } = schema;
  const moved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(moved);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        key === '$ref' && typeof inner === 'string' ? inner.replace('#/$defs/', '#/components/schemas/') : moved(inner),
      ]),
    );
  };
  for (const [name, definition] of Object.entries(definitions as Json)) {
    const { id: _id, ...content } = moved(definition) as Json;
    components[name] = content;
  }
  return moved(rest) as Json;
}
