import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

/**
 * Short names for private members. A name is replaced where all of the sources use it for private members of `this` alone:
 * whatever else has it, an object's key, a public member, a text, keeps all of them as they are.
 */
export class ShortMembers {
  private readonly shortened = new Map<string, string>();

  constructor(root: string, folders: readonly string[]) {
    const hidden = new Set<string>();
    const shown = new Set<string>();
    for (const folder of folders) {
      for (const name of readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })) {
        if (!name.endsWith('.ts')) continue;
        const path = `${root}${folder}/${name}`;
        for (const { identifier, isHidden } of memberNames(parsed(path, readFileSync(path, 'utf8')))) {
          (isHidden ? hidden : shown).add(identifier.text);
        }
      }
    }
    for (const name of [...hidden].sort()) {
      if (!shown.has(name)) this.shortened.set(name, `_${this.shortened.size.toString(36)}`);
    }
  }

  /** The source with them. */
  applied(path: string, source: string): string {
    const file = parsed(path, source);
    let text = source;
    for (const { identifier, binds } of [...memberNames(file)].sort((a, b) => b.identifier.pos - a.identifier.pos)) {
      const short = this.shortened.get(identifier.text);
      if (short === undefined) continue;
      const replaced = binds ? `${short}: ${identifier.text}` : short;
      text = text.slice(0, identifier.getStart(file)) + replaced + text.slice(identifier.end);
    }
    return text;
  }
}

interface MemberName {
  readonly identifier: {
    readonly text: string;
    readonly pos: number;
    readonly end: number;
    getStart(file: ts.SourceFile): number;
  };
  readonly isHidden: boolean;
  /** A binding `{ name }`, which also names a variable. */
  readonly binds: boolean;
}

function parsed(path: string, source: string): ts.SourceFile {
  return ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
}

/** Everything in a file that is, or could be, the name of a member. */
function* memberNames(file: ts.SourceFile): Generator<MemberName> {
  const pending: ts.Node[] = [file];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (ts.isIdentifier(node)) {
      const role = roleOf(node);
      if (role !== undefined) yield { identifier: node, ...role };
    } else if (ts.isStringLiteralLike(node)) yield { identifier: node, isHidden: false, binds: false };
    ts.forEachChild(node, (child) => void pending.push(child));
  }
}

function isThis(node: ts.Node | undefined): boolean {
  return node?.kind === ts.SyntaxKind.ThisKeyword;
}

/** True if the class around a name declares it as a private member itself: an inherited one may be anyone's. */
function isPrivateHere(name: ts.Identifier): boolean {
  const around = ts.findAncestor(name, ts.isClassLike);
  return around?.members.some((member) => isPrivate(member) && member.name?.getText() === name.text) === true;
}

function isPrivate(member: ts.ClassElement): boolean {
  return (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0;
}

function roleOf(name: ts.Identifier): Omit<MemberName, 'identifier'> | undefined {
  const { parent } = name;
  if (ts.isPropertyAccessExpression(parent) && parent.name === name) {
    return { isHidden: isThis(parent.expression) && isPrivateHere(name), binds: false };
  }
  if (ts.isBindingElement(parent)) {
    const declaration = parent.parent.parent;
    const ofThis = ts.isVariableDeclaration(declaration) && isThis(declaration.initializer) && isPrivateHere(name);
    if (parent.propertyName === name) return { isHidden: ofThis, binds: false };
    if (parent.name !== name || parent.propertyName !== undefined || parent.dotDotDotToken !== undefined)
      return undefined;
    return ts.isObjectBindingPattern(parent.parent) ? { isHidden: ofThis, binds: true } : undefined;
  }
  if (ts.isParameter(parent) && parent.name === name) {
    return ts.isParameterPropertyDeclaration(parent, parent.parent) ? { isHidden: false, binds: false } : undefined;
  }
  const isMember =
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isGetAccessor(parent) ||
    ts.isSetAccessor(parent);
  if (isMember && parent.name === name) {
    return { isHidden: ts.isClassLike(parent.parent) && isPrivate(parent), binds: false };
  }
  const named = parent as ts.Node & { readonly name?: ts.Node };
  const isKey =
    ts.isPropertyAssignment(parent) ||
    ts.isShorthandPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isEnumMember(parent);
  return isKey && named.name === name ? { isHidden: false, binds: false } : undefined;
}
