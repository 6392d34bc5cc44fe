// What the widget brings for the page around it.
export {};
