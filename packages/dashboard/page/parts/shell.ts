import { createContext, type VNode } from 'preact';
import { useContext } from 'preact/hooks';
import type { Me } from '../api.js';
import type { Place } from '../state.js';

/** Who is logged in. */
export const MeContext = createContext<Me | undefined>(undefined);

const order = ['viewer', 'finance', 'operator'];

export const useMe = (): Me | undefined => useContext(MeContext);

/** Whether the caller has a role; the API decides, this only hides what it would refuse. */
export function useRole(needed: Me['role']): boolean {
  const me = useContext(MeContext);
  return me !== undefined && order.indexOf(me.role) >= order.indexOf(needed);
}

export type PageOf = (props: { place: Place }) => VNode;
