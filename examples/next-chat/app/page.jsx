'use client';
import { useChat } from '@ai-sdk/react';
import { useState } from 'react';

/** A refusal is an error object of the API; other errors are text. */
function reasonOf({ message }) {
  try {
    return JSON.parse(message).error.message;
  } catch {
    return message;
  }
}

export default function Page() {
  const { messages, sendMessage, status, error } = useChat();
  const [text, setText] = useState('');
  const send = (event) => {
    event.preventDefault();
    if (text.trim() === '') return;
    sendMessage({ text });
    setText('');
  };
  return (
    <main>
      <h1>Chat with a budget</h1>
      {messages.map(({ id, role, parts }) => (
        <p key={id}>
          <strong>{role === 'user' ? 'You' : 'Model'}:</strong>{' '}
          {parts.map((part) => (part.type === 'text' ? part.text : '')).join('')}
        </p>
      ))}
      {error && <p role="alert">{reasonOf(error)}</p>}
      <form onSubmit={send}>
        <label>
          Message <input value={text} onChange={(event) => setText(event.target.value)} />
        </label>{' '}
        <button type="submit" disabled={status !== 'ready' && status !== 'error'}>
          Send
        </button>
      </form>
    </main>
  );
}
