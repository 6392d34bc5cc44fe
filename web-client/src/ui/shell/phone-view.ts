// What every view of the widget is: an element that shows the phone's state and is redrawn when it changes.
import { LitElement } from 'lit';
import { property } from 'lit/decorators.js';
import type { PhoneModel } from './phone-model.js';

/**
 * A view of the phone. The keyboard goes to its `data-main` when it is shown: a name rather than a button in a call, so
 * that a key still held down neither answers nor hangs up.
 */
export class PhoneView extends LitElement {
  /** What is shown; set before the element is put on the page. */
  @property({ attribute: false }) model!: PhoneModel;

  override connectedCallback(): void {
    super.connectedCallback();
    this.model.watch(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.model.unwatch(this);
  }
}
