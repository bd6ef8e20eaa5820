import { type Channel, channel as diagnosticsChannel } from 'node:diagnostics_channel';

/** What happens is published here: frozen payloads of ids and numbers, no prompt, no secret. */
export type ChannelName =
  | 'tollgate:auth'
  | 'tollgate:rate-limit'
  | 'tollgate:concurrency'
  | 'tollgate:refuse'
  | 'tollgate:guardrail'
  | 'tollgate:cache'
  | 'tollgate:reserve'
  | 'tollgate:settle'
  | 'tollgate:threshold'
  | 'tollgate:store'
  | 'tollgate:switch'
  | 'tollgate:watch'
  | 'tollgate:alert'
  | 'tollgate:upstream'
  | 'tollgate:drain'
  | 'tollgate:unmetered'
  | 'tollgate:job'
  | 'tollgate:route'
  | 'tollgate:warning'
  | 'tollgate:fault';

let subscriberFaults = 0;
const channels = new Map<ChannelName, Channel>();

/**
 * Node holds channels weakly, and the finalizer of a collected one also removes its successor of the same name, subscribers
 * and all (seen on Node 20): so every channel is held on to.
 */
function channelOf(name: ChannelName): Channel {
  let found = channels.get(name);
  if (!found) {
    found = diagnosticsChannel(name);
    channels.set(name, found);
  }
  return found;
}

/** Publishes a frozen payload; costs nothing without subscribers. `facts` is called only if somebody listens. */
export function publish(name: ChannelName, facts: () => Readonly<Record<string, unknown>>): void {
  const target = channelOf(name);
  if (target.hasSubscribers) target.publish(Object.freeze({ ...facts() }));
}

/**
 * Subscribes to a channel; returns how to unsubscribe. A listener that throws is counted ({@link subscriberFaultCount}) and
 * does not end the process, as a bare `diagnostics_channel` subscriber would.
 */
export function subscribe(
  name: ChannelName,
  listener: (facts: Readonly<Record<string, unknown>>) => void,
): () => void {
  const target = channelOf(name);
  const guarded = (message: unknown): void => {
    try {
      listener(message as Readonly<Record<string, unknown>>);
    } catch {
      subscriberFaults += 1;
    }
  };
  target.subscribe(guarded);
  return () => {
    target.unsubscribe(guarded);
  };
}

/** How many times a listener of {@link subscribe} has thrown in this process. */
export function subscriberFaultCount(): number {
  return subscriberFaults;
}
