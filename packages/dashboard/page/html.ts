import htm from 'htm';
import { h, type VNode } from 'preact';

/** Markup as tagged templates: no build step of its own, and no `eval`. */
export const html = htm.bind(h) as (strings: TemplateStringsArray, ...values: unknown[]) => VNode;
