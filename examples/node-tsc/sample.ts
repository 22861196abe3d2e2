// SPDX-License-Identifier: Apache-2.0
// What the compiler is warmed with: a little of everything.
export type Shape =
    | { kind: 'circle'; radius: number }
    | { kind: 'rectangle'; width: number; height: number }
    | { kind: 'group'; shapes: readonly Shape[] };

export interface Named<T extends string = string> {
    readonly name: T;
    describe?(depth: number): string;
}

type Keys<T> = { [K in keyof T]-?: T[K] extends (...args: infer A) => infer R ? [K, A, R] : K }[keyof T];
type Deep<T> = T extends object ? { readonly [K in keyof T]: Deep<T[K]> } : T;
export type Path<T, P extends string = ''> = T extends object ? { [K in keyof T & string]: Path<T[K], `${P}/${K}`> }[keyof T & string] : P;

export enum Level { Low = 1, Middle = Low << 1, High = Low | Middle }

export function area(shape: Shape): number {
    switch (shape.kind) {
        case 'circle': return Math.PI * shape.radius ** 2;
        case 'rectangle': return shape.width * shape.height;
        case 'group': return shape.shapes.reduce((sum, each) => sum + area(each), 0);
    }
}

export const describe = (shape: Shape, level: Level = Level.Low): string =>
    shape.kind === 'group' ? `[${shape.shapes.map((each) => describe(each, level)).join(', ')}]` : `${shape.kind}: ${area(shape).toFixed(level)}`;

export class Store<V> implements Named, Iterable<[string, V]> {
    private static count = 0;
    #values = new Map<string, V>();
    readonly name: string;
    constructor(protected parent?: Store<V>, name = `store ${++Store.count}`) {
        this.name = name;
    }
    get(key: string): V | undefined {
        return this.#values.get(key) ?? this.parent?.get(key);
    }
    set(key: string, value: V): this;
    set(entries: Record<string, V>): this;
    set(first: string | Record<string, V>, value?: V): this {
        if (typeof first === 'string') this.#values.set(first, value as V);
        else for (const [key, each] of Object.entries(first)) this.#values.set(key, each);
        return this;
    }
    *[Symbol.iterator](): Iterator<[string, V]> {
        yield* this.#values;
        if (this.parent) yield* this.parent;
    }
    async load(source: (key: string) => Promise<V>, ...keys: string[]): Promise<V[]> {
        const loaded: V[] = [];
        for (const key of keys) {
            try {
                const value = await source(key);
                this.set(key, value);
                loaded.push(value);
            } catch (error: unknown) {
                if (!(error instanceof Error)) throw error;
                console.error(`${key}: ${error.message}`);
            } finally {
                Store.count += 0;
            }
        }
        return loaded;
    }
}

abstract class Handler<E extends Named, R = void> {
    abstract handle(event: E): R;
    protected readonly seen: E['name'][] = [];
    run(events: readonly E[]): R[] {
        return events.map((event) => (this.seen.push(event.name), this.handle(event)));
    }
}

export class Lengths extends Handler<Named<'a' | 'b'>, number> {
    override handle({ name, ...rest }: Named<'a' | 'b'>): number {
        return name.length + Object.keys(rest).length;
    }
}

export namespace Tools {
    export const pick = <T, K extends keyof T>(value: T, ...keys: K[]): Pick<T, K> =>
        Object.fromEntries(keys.map((key) => [key, value[key]])) as unknown as Pick<T, K>;
    export function assert(condition: unknown, message?: string): asserts condition {
        if (!condition) throw new TypeError(message);
    }
    export const isNamed = (value: unknown): value is Named => typeof value === 'object' && value !== null && 'name' in value;
}

const frozen: Deep<{ a: { b: number[] }; c: string }> = { a: { b: [1, 2, 3] }, c: 'c' };
const tuple: [first: number, ...rest: string[]] = [frozen.a.b.length, ...'rest'];
export const keys: Keys<{ one(): number; two: string }>[] = [['one', [], 1], 'two'];
export const [first, , second = 'none'] = tuple;
label: for (const letter of second) {
    for (let i = 0; i < 3; i++) if (letter.charCodeAt(i) > first) continue label; else break;
}
export default Tools;
