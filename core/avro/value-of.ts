/**
 * The type of the values of a schema, from the schema's own type (`as const`):
 * `type Stamp = ValueOf<typeof STAMP_SCHEMA>`. Says in types what reader.ts does in closures.
 * Names may be used after their definition, as Avro demands. `unknown` where the schema's type
 * does not tell.
 */
export type ValueOf<S> = Value<S, '', Definition<S, ''>>

interface PrimitiveValues {
  null: null
  boolean: boolean
  int: number
  long: number
  double: number
  bytes: Uint8Array
  string: string
}

/** `N` is the namespace around the schema, `D` the union of all named types of the whole. */
type Value<S, N extends string, D> = S extends keyof PrimitiveValues
  ? PrimitiveValues[S]
  : S extends string
    ? Referenced<Qualified<S, N>, D>
    : S extends readonly unknown[]
      ? UnionValue<S, N, D>
      : S extends { readonly type: 'record'; readonly fields: readonly (infer F)[] }
        ? RecordValue<F, NamespaceOf<FullName<S, N>>, D>
        : S extends { readonly type: 'array'; readonly items: infer I }
          ? readonly Value<I, N, D>[]
          : S extends { readonly type: 'enum'; readonly symbols: readonly (infer Y)[] }
            ? Y
            : S extends { readonly type: 'fixed' }
              ? Uint8Array
              : S extends { readonly type: infer P extends keyof PrimitiveValues }
                ? PrimitiveValues[P]
                : unknown

type RecordValue<F, N extends string, D> = {
  readonly [E in F as E extends { readonly name: infer Name extends string }
    ? Name
    : never]: E extends { readonly type: infer T } ? Value<T, N, D> : unknown
}

type Null = 'null' | { readonly type: 'null' }

type UnionValue<S extends readonly unknown[], N extends string, D> = S extends readonly [
  Null,
  infer X,
]
  ? null | Value<X, N, D>
  : S extends readonly [infer X, Null]
    ? null | Value<X, N, D>
    : Tagged<S[number], N, D>

type Tagged<B, N extends string, D> = B extends Null
  ? null
  : B extends unknown
    ? { readonly type: BranchName<B, N>; readonly value: Value<B, N, D> }
    : never

type BranchName<B, N extends string> = B extends keyof PrimitiveValues
  ? B
  : B extends string
    ? Qualified<B, N>
    : B extends { readonly name: string }
      ? FullName<B, N>
      : B extends { readonly type: infer T }
        ? T
        : string

/** Every named type defined inside `S`, with the namespace its own parts are in. */
type Definition<S, N extends string> = S extends readonly (infer B)[]
  ? Definition<B, N>
  : S extends { readonly type: 'array'; readonly items: infer I }
    ? Definition<I, N>
    : S extends { readonly type: 'record'; readonly fields: readonly (infer F)[] }
      ? Defined<S, N> | DefinitionInField<F, NamespaceOf<FullName<S, N>>>
      : S extends { readonly type: 'enum' | 'fixed' }
        ? Defined<S, N>
        : never

type DefinitionInField<F, N extends string> = F extends { readonly type: infer T }
  ? Definition<T, N>
  : never

interface Defined<S, N extends string> {
  readonly fullName: FullName<S, N>
  readonly namespace: N
  readonly schema: S
}

type Referenced<Name extends string, D> =
  Extract<D, { readonly fullName: Name }> extends {
    readonly namespace: infer N extends string
    readonly schema: infer S
  }
    ? Value<S, N, D>
    : unknown

type FullName<S, N extends string> = S extends { readonly name: infer Name extends string }
  ? S extends { readonly namespace: infer Own extends string }
    ? Qualified<Name, Own>
    : Qualified<Name, N>
  : never

type Qualified<Name extends string, N extends string> = Name extends `${string}.${string}`
  ? Name
  : N extends ''
    ? Name
    : `${N}.${Name}`

/** What stands before the last dot. */
type NamespaceOf<Name extends string> = Name extends `${infer Head}.${infer Rest}`
  ? Rest extends `${string}.${string}`
    ? `${Head}.${NamespaceOf<Rest>}`
    : Head
  : ''
