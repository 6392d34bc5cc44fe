// The widget's areas. Each registers what it brings: tabs, sections of the settings, notices, panels of a call.
import './calls/area.js';
import './people/area.js';
import './chat/area.js';
import './devices/area.js';
import './crm/area.js';
import './settings/area.js';
