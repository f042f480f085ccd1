import { createHash } from 'node:crypto';
import { version } from '../version.js';
import { figureHtml, type Figure } from './chart/figure.js';
import { escaped } from './html.js';
import { script } from './script.js';
import { style } from './style.js';
import { tableHtml, type Table } from './table.js';

/** Part of a page. */
export interface Section {
  readonly heading: string;
  readonly parts: readonly Part[];
}

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'figure'; readonly figure: Figure }
  | { readonly kind: 'table'; readonly table: Table }
  /** Rows that the page does not show but has: the reader saves them. */
  | { readonly kind: 'data'; readonly what: string; readonly fileName: string; readonly csv: string };

/** A report: the answer first, then what it rests on. */
export interface Report {
  readonly title: string;
  /** One sentence. */
  readonly answer: string;
  /** Further remarks on how to read it. */
  readonly remarks?: readonly string[];
  readonly sections: readonly Section[];
}

/** Sections that have something to show. */
export function filled(sections: readonly (Section | undefined)[]): Section[] {
  return sections.filter((section) => section !== undefined && section.parts.length > 0) as Section[];
}

export const text = (content: string): Part => ({ kind: 'text', text: content });
export const figure = (drawn: Figure): Part => ({ kind: 'figure', figure: drawn });
export const table = (content: Table): Part => ({ kind: 'table', table: content });

const hash = createHash('sha256').update(script).digest('base64');
/** Nothing is loaded from anywhere, and no script runs but that of the page. */
const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;

/** A report as one HTML file that needs nothing else. The same bytes for the same report. */
export function pageHtml({ title, answer, remarks = [], sections }: Report): string {
  const links = sections.map(({ heading }, k) => `<li><a href="#p${k}">${escaped(heading)}</a></li>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="sft-opt ${escaped(version)}">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p class="answer">${escaped(answer)}</p>
${remarks.map((remark) => `<p class="quiet">${escaped(remark)}</p>\n`).join('')}<nav aria-label="Sections"><ul>${links.join('')}</ul></nav>
${sections.map(sectionHtml).join('')}</main>
<script>${script}</script>
</body>
</html>
`;
}

function sectionHtml({ heading, parts }: Section, k: number): string {
  return `<section aria-labelledby="p${k}">\n<h2 id="p${k}">${escaped(heading)}</h2>\n${parts.map(partHtml).join('')}</section>\n`;
}

function partHtml(part: Part): string {
  switch (part.kind) {
    case 'text':
      return `<p>${escaped(part.text)}</p>\n`;
    case 'figure':
      return figureHtml(part.figure);
    case 'table':
      return tableHtml(part.table);
    case 'data':
      return `<p>${escaped(part.what)}: ${escaped(part.fileName)}.</p>\n<template data-file="${escaped(part.fileName)}" data-what="${escaped(part.what)}">${escaped(part.csv)}</template>\n<noscript><p>Without a script it is in the source of this page.</p></noscript>\n`;
  }
}
