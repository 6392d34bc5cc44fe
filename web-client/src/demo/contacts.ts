// The demonstration's customers. The first three have the numbers of the demo accounts, so that they can be called.

/** A customer. */
export interface Contact {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly company: string;
  readonly city: string;
  readonly number: string;
  readonly email: string;
  readonly stage: 'New' | 'In talks' | 'Offer sent' | 'Customer';
  readonly value: string;
  readonly touched: string;
  readonly notes: readonly (readonly [when: string, text: string])[];
}

const contact = (
  id: string, [name, title, company, city]: readonly [string, string, string, string], number: string,
  [stage, value, touched]: readonly [Contact['stage'], string, string], ...notes: (readonly [string, string])[]
): Contact => ({
  id, name, title, company, city, number, stage, value, touched, notes,
  email: `${name.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '').replace(/\s+/g, '.')}@${company.toLowerCase().split(' ')[0] ?? ''}.example`,
});

/** Everybody in the demonstration. */
export const CONTACTS: readonly Contact[] = [
  contact('c1', ['Alice Archer', 'Head of purchasing', 'Harbour Logistics', 'Bremen'], '101', ['In talks', '€ 48,000', 'Today'],
    ['Today', 'Asked for the frame contract in writing before Friday.'], ['12 Nov', 'Visited the depot; forty handhelds are due for replacement.']),
  contact('c2', ['Bob Baker', 'Operations manager', 'Linden Dairy', 'Ghent'], '102', ['Offer sent', '€ 17,500', 'Yesterday'],
    ['Yesterday', 'Offer 2214 sent. Wants delivery before the season starts.'], ['4 Nov', 'First call; knows us from Harbour Logistics.']),
  contact('c3', ['Carol Céspedes', 'Owner', 'Céspedes Interiors', 'Valencia'], '103', ['Customer', '€ 6,200', 'Mon'],
    ['Mon', 'Happy with the second delivery. Ask for a reference in spring.']),
  contact('c4', ['Dmitri Volkov', 'Plant engineer', 'Tallinn Timber', 'Tallinn'], '214', ['New', '€ 22,000', 'Mon'], ['Mon', 'Came in through the trade fair.']),
  contact('c5', ['Esi Mensah', 'Finance lead', 'Volta Foods', 'Accra'], '219', ['In talks', '€ 31,400', '14 Nov'], ['14 Nov', 'Needs payment terms of sixty days.']),
  contact('c6', ['Farid Haddad', 'IT manager', 'Atlas Clinics', 'Rabat'], '226', ['Customer', '€ 12,800', '13 Nov'], ['13 Nov', 'Renewed for two years.']),
  contact('c7', ['Greta Lindqvist', 'Store manager', 'Nordhem', 'Uppsala'], '231', ['New', '€ 3,900', '11 Nov'], ['11 Nov', 'Asked for a brochure.']),
  contact('c8', ['Hana Sato', 'Buyer', 'Midori Works', 'Osaka'], '238', ['Offer sent', '€ 54,000', '8 Nov'], ['8 Nov', 'Offer 2198 sent; decision in December.']),
  contact('c9', ['Ivan Petrenko', 'Director', 'Dnipro Glass', 'Dnipro'], '245', ['In talks', '€ 27,300', '7 Nov'], ['7 Nov', 'Second meeting planned.']),
  contact('c10', ['Julia Moreau', 'Office manager', 'Cabinet Moreau', 'Lyon'], '252', ['Customer', '€ 2,400', '1 Nov'], ['1 Nov', 'Two more seats from January.']),
  contact('c11', ['Kofi Asante', 'Fleet manager', 'Savanna Freight', 'Kumasi'], '259', ['New', '€ 18,600', '31 Oct'], ['31 Oct', 'Asked for a trial with ten vehicles.']),
  contact('c12', ['Lena Fischer', 'Practice manager', 'Isar Dental', 'Munich'], '263', ['Customer', '€ 4,750', '29 Oct'], ['29 Oct', 'Prefers calls before nine.']),
];
